import { isReachableSubject } from './vapid-subject.ts';

test.each([
  'mailto:operator@payfan.in',
  'mailto:push@mail.payfan.co.in',
  'https://payfan.in',
  'https://payfan.in/contact',
])('%s can be reached', (subject) => {
  expect(isReachableSubject(subject)).toBe(true);
});

test.each([
  'mailto:operator@payfan.example',
  'mailto:operator@EXAMPLE.com',
  'mailto:operator@mail.example.org',
  'mailto:operator@payfan.test',
  'mailto:operator@payfan.invalid',
  'mailto:operator@printer.local',
  'mailto:operator@localhost',
  'mailto:operator@host',
  'mailto:operator@127.0.0.1',
  'https://localhost',
  'https://localhost:3000/x',
  'https://app.localhost',
  'https://10.0.0.1/',
  'https://example.com/x',
])('%s cannot', (subject) => {
  expect(isReachableSubject(subject)).toBe(false);
});
