/** Says whose share is missing in what is shown. */
export function UnavailableNote({ channels }: { channels: readonly string[] }) {
  if (channels.length === 0) return null;
  return (
    <p role="status" className="mb-4 rounded-control bg-warn-soft px-4 py-3 text-warn">
      Without {channels.join(', ')}: no answer from there at the moment. The rest is complete.
    </p>
  );
}
