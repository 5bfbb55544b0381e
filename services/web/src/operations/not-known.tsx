/** In place of a figure that a service does not know. */
export const NotTold = () => <span className="whitespace-nowrap text-faint">not told</span>;
