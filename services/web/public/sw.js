/** Shows what push services pass on while the page is closed. The message is a notification already. */
globalThis.addEventListener('push', (event) => {
  const { title, ...rest } = event.data?.json() ?? {};
  const shown = globalThis.registration.showNotification(title ?? 'Payfan', { icon: '/icon.svg', ...rest });
  event.waitUntil(shown);
});

globalThis.addEventListener('notificationclick', (event) => {
  event.notification.close();
  const path = event.notification.data?.payoutId === undefined ? '/' : '/payouts';
  event.waitUntil(show(`${globalThis.location.origin}${path}`));
});

/** An open page of ours if there is one, so that nothing is opened twice. */
async function show(address) {
  const pages = await globalThis.clients.matchAll({ type: 'window' });
  const open = pages.find(({ url }) => url === address);
  return open === undefined ? globalThis.clients.openWindow(address) : open.focus();
}
