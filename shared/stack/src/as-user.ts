/** The same addresses, one URL or several with commas between them, as another user. */
export function asUser(urls: string, user: string, password: string): string {
  return urls
    .split(',')
    .map((one) => {
      const url = new URL(one);
      url.username = encodeURIComponent(user);
      url.password = encodeURIComponent(password);
      return url.href;
    })
    .join(',');
}
