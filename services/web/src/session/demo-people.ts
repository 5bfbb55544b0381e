export interface DemoPerson {
  key: string;
  name: string;
  /** Who they are here, in a word or a line. */
  about: string;
  phone?: string;
}

/** Whom everybody may be where PAYFAN_DEMO is true. Their keys are in the README as well. */
export const DEMO_PEOPLE: readonly DemoPerson[] = [
  { key: 'demo_asha', name: 'Asha Rao', about: 'Premium', phone: '+917010233310' },
  { key: 'demo_ravi', name: 'Ravi Kumar', about: 'Free', phone: '+917010233311' },
  { key: 'demo_meera', name: 'Meera Iyer', about: 'Free', phone: '+917010233312' },
  { key: 'demo_operator', name: 'Operator', about: 'Queues, dead letters, gateways' },
];
