import { Problem } from './problem.ts';

test('says all that RFC 9457 asks for', () => {
  const problem = new Problem({ status: 402, code: 'insufficient_funds', detail: 'The balance is ₹5.00.' });
  expect(problem.toBody('r-1')).toEqual({
    type: 'urn:payfan:problem:insufficient_funds',
    title: 'Insufficient funds',
    status: 402,
    detail: 'The balance is ₹5.00.',
    code: 'insufficient_funds',
    instance: 'r-1',
  });
});

test('has words even when none are given, and never tells its cause', () => {
  const problem = new Problem({ status: 503, code: 'unavailable', cause: new Error('db1 is down') });
  expect(problem.message).toBe('Service Unavailable');
  expect(problem.cause).toEqual(new Error('db1 is down'));
  expect(JSON.stringify(problem.toBody('r-1'))).not.toContain('db1');
});

test('names the fields', () => {
  const errors = [{ in: 'body', path: 'amount', message: 'must be positive' }] as const;
  expect(new Problem({ status: 400, code: 'invalid_request', errors }).toBody('r')).toMatchObject({ errors });
});

test('carries further members, which cannot stand for its own', () => {
  const problem = new Problem({
    ...{ status: 410, code: 'history_gone' },
    extensions: { seq: 7, status: 200 },
  });
  expect(problem.toBody('r')).toMatchObject({ seq: 7, status: 410 });
});
