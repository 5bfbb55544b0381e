/** In the header of every page. */
export function Bell() {
  return null;
}
