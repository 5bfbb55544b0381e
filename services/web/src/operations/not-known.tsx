/** In place of a figure that a service does not know. */
export const NotKnown = () => <span className="whitespace-nowrap text-faint">not known</span>;
