import { waitFor, WaitTimeout } from './wait.ts';

const quickly = { what: 'the train', timeoutMs: 20, intervalMs: 1 };

test('resolves at the first attempt that neither throws nor answers false', async () => {
  const answers = [() => Promise.reject(new Error('not yet')), () => Promise.resolve(false)];
  const attempt = jest.fn(() => (answers.shift() ?? (() => Promise.resolve(undefined)))());
  await waitFor(attempt, { what: 'the train', intervalMs: 1 });
  expect(attempt).toHaveBeenCalledTimes(3);
});

test('the error names the condition, the limit and the last reason', async () => {
  await expect(waitFor(() => Promise.reject(new Error('no rails')), quickly)).rejects.toThrow(
    new WaitTimeout('the train', 20, new Error('no rails')).message,
  );
});

test('an attempt that never settles ends with the wait, too', async () => {
  await expect(waitFor(() => new Promise(() => undefined), quickly)).rejects.toThrow(
    'the train did not happen within 0.02 s: the last attempt has not ended',
  );
});
