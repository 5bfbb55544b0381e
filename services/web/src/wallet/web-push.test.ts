import { randomBytes } from 'node:crypto';
import { ApiClient } from '../api/api-client.ts';
import { bytesOf, forgetSubscription, turnOff, turnOn, webPushState } from './web-push.ts';

const KEYS = { p256dh: 'B'.padEnd(87, 'p'), auth: 'a'.repeat(22) };
const VAPID_KEY = randomBytes(65).toString('base64url');

interface Subscription {
  endpoint: string;
  toJSON: () => object;
  unsubscribe: () => Promise<boolean>;
}

/** What a page finds in a browser: it may push, and somebody sits there who says yes or no. */
class Browser {
  permission: NotificationPermission = 'default';
  answer: NotificationPermission = 'granted';
  /** For which key the browser is subscribed. */
  key: string | undefined;
  subscriptions = 0;
  worker: string | undefined;

  constructor() {
    const pushManager = {
      getSubscription: () => Promise.resolve(this.key === undefined ? null : this.#subscription()),
      subscribe: (options: PushSubscriptionOptionsInit) => this.#subscribe(options),
    };
    const registration = { pushManager };
    this.#define('PushManager', {});
    this.#define('navigator', {
      serviceWorker: {
        ready: Promise.resolve(registration),
        getRegistration: () => Promise.resolve(this.worker === undefined ? undefined : registration),
        register: (script: string) => Promise.resolve((this.worker = script)),
      },
    });
    const asked = () => (this.permission = this.answer);
    const permission = () => this.permission;
    this.#define('Notification', {
      requestPermission: () => Promise.resolve(asked()),
      get permission() {
        return permission();
      },
    });
  }

  #define(name: string, value: unknown): void {
    Object.defineProperty(globalThis, name, { value, configurable: true });
  }

  #subscribe({ userVisibleOnly, applicationServerKey }: PushSubscriptionOptionsInit): Promise<Subscription> {
    const key = Buffer.from(applicationServerKey as Uint8Array).toString('base64url');
    // As browsers do: silent pushes are refused, and so is a second subscription for another key.
    if (userVisibleOnly !== true) return Promise.reject(new DOMException('silent', 'NotAllowedError'));
    if (this.key !== undefined && this.key !== key) {
      return Promise.reject(new DOMException('another key', 'InvalidStateError'));
    }
    this.key = key;
    this.subscriptions += 1;
    return Promise.resolve(this.#subscription());
  }

  #subscription(): Subscription {
    const endpoint = 'https://push.example/1';
    return {
      endpoint,
      toJSON: () => ({ endpoint, expirationTime: null, keys: KEYS }),
      unsubscribe: () => {
        this.key = undefined;
        return Promise.resolve(true);
      },
    };
  }
}

/** The push service's door for browsers, and what came in. */
class PushApi {
  calls: { method: string; path: string; body: unknown }[] = [];
  status = 201;
  readonly client = new ApiClient({
    name: 'push',
    baseUrl: 'http://push',
    token: () => Promise.resolve('t'),
    fetch: (url, { method, body } = {}) => {
      const path = (url as string).replace('http://push', '');
      if (path.endsWith('/key')) return Promise.resolve(Response.json({ publicKey: VAPID_KEY }));
      this.calls.push({ method: method ?? 'GET', path, body: JSON.parse(body as string) as unknown });
      if (method === 'DELETE') return Promise.resolve(new Response(null, { status: 204 }));
      return Promise.resolve(Response.json({ id: '1' }, { status: this.status }));
    },
  });
}

let browser: Browser;
let push: PushApi;
beforeEach(() => {
  browser = new Browser();
  push = new PushApi();
});

const SUBSCRIBED = {
  method: 'POST',
  path: '/v1/push-subscriptions',
  body: { endpoint: 'https://push.example/1', expirationTime: null, keys: KEYS },
};

test('turned on: the worker is there, the browser is subscribed for our key, and the service has what it says of itself', async () => {
  expect(await webPushState(push.client)).toBe('off');
  expect(await turnOn(push.client)).toBe('on');
  expect([browser.worker, browser.key]).toEqual(['/sw.js', VAPID_KEY]);
  expect(push.calls).toEqual([SUBSCRIBED]);
});

test('what is on is said once more whenever it is looked at', async () => {
  await turnOn(push.client);
  push.status = 200;
  expect(await webPushState(push.client)).toBe('on');
  expect(push.calls).toEqual([SUBSCRIBED, SUBSCRIBED]);
  push.status = 503;
  await expect(webPushState(push.client)).rejects.toMatchObject({ status: 503 });
  // A service that is away for a while is no reason to be asked anew.
  expect(browser.key).toBe(VAPID_KEY);
});

test.each([
  ['denied', 'refused', 'refused'],
  ['default', 'unanswered', 'off'],
] as const)('a person who answers "%s": nothing is subscribed', async (answer, state, afterwards) => {
  browser.answer = answer;
  expect(await turnOn(push.client)).toBe(state);
  expect(await webPushState(push.client)).toBe(afterwards);
  expect([browser.key, push.calls]).toEqual([undefined, []]);
});

test('what the service refuses is not kept by the browser either', async () => {
  push.status = 422;
  await expect(turnOn(push.client)).rejects.toMatchObject({ status: 422 });
  expect(browser.key).toBeUndefined();
});

test.each([
  ['turned on', turnOn],
  ['looked at', webPushState],
])('a subscription for a former key gives way when it is %s', async (_what, act) => {
  browser.worker = '/sw.js';
  browser.key = 'former';
  expect(await act(push.client)).toBe('on');
  expect([browser.key, browser.subscriptions]).toEqual([VAPID_KEY, 1]);
  expect(push.calls).toEqual([SUBSCRIBED]);
});

test('turned off: neither the browser nor the service knows of it', async () => {
  await turnOn(push.client);
  expect(await turnOff(push.client)).toBe('off');
  expect(browser.key).toBeUndefined();
  expect(push.calls.at(-1)).toEqual({
    ...SUBSCRIBED,
    method: 'DELETE',
    body: { endpoint: 'https://push.example/1' },
  });
  expect(await turnOff(push.client)).toBe('off');
});

test('who leaves takes it along, without a word to a service that does not know them any more', async () => {
  await turnOn(push.client);
  await forgetSubscription();
  expect(browser.key).toBeUndefined();
  expect(push.calls).toEqual([SUBSCRIBED]);
});

test('a browser that cannot push says so, and leaving it is no trouble', async () => {
  Object.defineProperty(globalThis, 'navigator', { value: {}, configurable: true });
  expect(await webPushState(push.client)).toBe('unsupported');
  await expect(forgetSubscription()).resolves.toBeUndefined();
});

test('keys are read as they are written, whatever their bytes are', () => {
  for (const length of [0, 1, 2, 3, 65]) {
    const key = randomBytes(length);
    expect(Buffer.from(bytesOf(key.toString('base64url')))).toEqual(key);
  }
  expect([...bytesOf('-_8')]).toEqual([251, 255]);
});
