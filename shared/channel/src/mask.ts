/** An address as the other party may see it: enough to recognise, too little to use. */
export function maskAddress(address: string): string {
  const at = address.lastIndexOf('@');
  if (at > 0) return `${address.slice(0, 1)}***${address.slice(at)}`;
  if (address.startsWith('+')) return `${address.slice(0, 3)}******${address.slice(-4)}`;
  return `${address.slice(0, 8)}…`;
}
