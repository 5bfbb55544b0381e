/** The parts of two libraries without types that the tests on links use. */
declare module 'linkify-it' {
  export default class LinkifyIt {
    constructor(options: { fuzzyLink: boolean; fuzzyEmail: boolean; fuzzyIP: boolean });
    add(schema: string, definition: string | { validate: (text: string, position: number) => number }): this;
    tlds(list: readonly string[], keepOld?: boolean): this;
    match(text: string): { raw: string }[] | null;
  }
}

declare module 'tlds' {
  const tlds: readonly string[];
  export default tlds;
}
