/** Shows what push services pass on while the page is closed. The message is a notification already. */
globalThis.addEventListener('push', (event) => {
  const { title, ...rest } = event.data?.json() ?? {};
  const shown = globalThis.registration.showNotification(title ?? 'Payfan', { icon: '/icon.svg', ...rest });
  event.waitUntil(shown);
});

globalThis.addEventListener('notificationclick', (event) => {
  event.notification.close();
  event.waitUntil(show(event.notification.data?.payoutId === undefined ? '/' : '/payouts'));
});

/** Pages that were open before this worker was are its own from now on: only those may it lead elsewhere. */
globalThis.addEventListener('activate', (event) => event.waitUntil(globalThis.clients.claim()));

/** An open page of ours if there is one, so that nothing is opened twice: one that shows this rather than another. */
async function show(path) {
  const { clients, location, URL } = globalThis;
  // Those that were reloaded past every cache are nobody's.
  const pages = await clients.matchAll({ type: 'window', includeUncontrolled: true });
  const there = pages.find(({ url }) => new URL(url).pathname === path);
  if (there !== undefined) return there.focus();
  const address = `${location.origin}${path}`;
  const led = await pages[0]?.navigate(address).catch(() => null);
  return led?.focus() ?? clients.openWindow(address);
}
