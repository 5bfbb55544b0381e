import { runInContext } from './context.ts';
import { createLogger } from './logger.ts';
import type { Logger } from './logger.ts';

function listen(level: 'info' | 'warn' = 'info'): { logger: Logger; lines: Record<string, unknown>[] } {
  const lines: Record<string, unknown>[] = [];
  const destination = {
    write: (line: string) => void lines.push(JSON.parse(line) as Record<string, unknown>),
  };
  return { logger: createLogger({ service: 'push', level, destination }), lines };
}

test('writes one JSON object per line, with level, time and service', () => {
  const { logger, lines } = listen();
  logger.info({ count: 3 }, 'ready');
  expect(lines).toEqual([
    {
      level: 'info',
      time: expect.stringMatching(/^\d{4}-.*Z$/) as string,
      service: 'push',
      count: 3,
      msg: 'ready',
    },
  ]);
});

test('every line has the time at which it was written', () => {
  const { logger, lines } = listen();
  const times = [1_000, 1_000, 1_001, 500];
  jest.useFakeTimers();
  try {
    for (const nowMs of times) {
      jest.setSystemTime(nowMs);
      logger.info('now');
    }
  } finally {
    jest.useRealTimers();
  }
  expect(lines.map(({ time }) => Date.parse(String(time)))).toEqual(times);
});

test('a line has its own fields and none of the line before', () => {
  const { logger, lines } = listen();
  logger.info({ first: 1 }, 'one');
  logger.info({ second: 2 }, 'two');
  expect(lines).toMatchObject([{ first: 1 }, { second: 2 }]);
  expect(lines[1]).not.toHaveProperty('first');
});

test('writes nothing below its level', () => {
  const { logger, lines } = listen('warn');
  logger.info('quiet');
  expect(lines).toEqual([]);
});

test.each<[string, (logger: Logger) => void, object]>([
  ['the message', (l) => l.info('sms to +917010233311'), { msg: 'sms to [redacted]' }],
  ['an argument of the message', (l) => l.info('sms to %s', '+917010233311'), { msg: 'sms to [redacted]' }],
  [
    'an object in the message',
    (l) => l.info('was %j', { phone: '1' }),
    { msg: 'was {"phone":"[redacted]"}' },
  ],
  [
    'a field',
    (l) => l.info({ deep: { list: [{ apiKey: 'x' }] } }),
    { deep: { list: [{ apiKey: '[redacted]' }] } },
  ],
  ['a string alone', (l) => l.info('Bearer demo_asha'), { msg: 'Bearer [redacted]' }],
  [
    'the bindings of a child',
    (l) => l.child({ email: 'a@b.in', part: 'x' }).info('y'),
    { email: '[redacted]', part: 'x' },
  ],
  [
    'an error alone',
    (l) => l.error(new Error('lost a@b.in')),
    { msg: 'lost [redacted]', err: { message: 'lost [redacted]' } },
  ],
  [
    'an error with words',
    (l) => l.error(new Error('a@b.in'), 'oh'),
    { msg: 'oh', err: { type: 'Error', message: '[redacted]' } },
  ],
  [
    'an error as a field',
    (l) => l.error({ err: new Error('a@b.in') }),
    { msg: '[redacted]', err: { message: '[redacted]' } },
  ],
])('redacts %s', (_where, log, expected) => {
  const { logger, lines } = listen();
  log(logger);
  expect(lines).toHaveLength(1);
  expect(lines[0]).toMatchObject(expected);
  expect(JSON.stringify(lines[0])).not.toMatch(/7010233311|a@b\.in|demo_asha/);
});

test('says what a line belongs to', async () => {
  const { logger, lines } = listen();
  const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
  await runInContext({ correlationId: 'c-1', requestId: 'r-1', traceparent }, async () => {
    await Promise.resolve();
    logger.info('inside');
    logger.info({ correlationId: 'its own' }, 'inside');
  });
  logger.info('outside');
  expect(lines[0]).toMatchObject({
    correlationId: 'c-1',
    requestId: 'r-1',
    traceId: '0af7651916cd43dd8448eb211c80319c',
  });
  expect(lines[1]).toMatchObject({ correlationId: 'its own', requestId: 'r-1' });
  expect(lines[2]).not.toHaveProperty('correlationId');
});
