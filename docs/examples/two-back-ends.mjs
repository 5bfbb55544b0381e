// Two back ends that talk over Payfan's gateway: one asks for quotes, the other gives them.
//
//   npm start                                   (in another terminal)
//   node docs/examples/two-back-ends.mjs
//
// Each has a WebSocket of its own and knows nothing of the other but the topics. With several gateways it does
// not matter who is connected to which: `npm start -- --gateways 3`, and give two of their addresses.
import WebSocket from 'ws';

const [shopUrl = 'ws://localhost:4010/v1/live', rateUrl = shopUrl] = process.argv.slice(2);
const headers = { authorization: `Bearer ${process.env.PAYFAN_KEY ?? 'demo_service'}` };

/** A back end: `ask` sends a frame and resolves with its answer; `onEvent` gets what is published. */
function connect(name, url, onEvent) {
  const socket = new WebSocket(url, 'payfan.v1.json', { headers });
  const answers = new Map();
  let lastId = 0;
  socket.on('message', (text) => {
    for (const frame of [JSON.parse(text)].flat()) {
      if (frame.t === 'event') onEvent(frame);
      else answers.get(frame.re)?.(frame);
    }
  });
  const ask = (frame) =>
    new Promise((resolve, reject) => {
      lastId += 1;
      answers.set(lastId, (answer) =>
        answer.ok ? resolve(answer) : reject(new Error(`${name}: ${JSON.stringify(answer.error)}`)),
      );
      socket.send(JSON.stringify({ id: lastId, ...frame }));
    });
  return new Promise((resolve, reject) => {
    socket.once('open', () => resolve({ ask, close: () => socket.close() }));
    socket.once('error', (error) => reject(new Error(`${name} cannot reach ${url}: ${error.message}`)));
    socket.once('close', (code, reason) => reject(new Error(`${name} was sent away: ${code} ${reason}`)));
  });
}

const rates = await connect('rates', rateUrl, async ({ data }) => {
  console.log(`rates   heard of ${data.order}, and quotes`);
  await rates.ask({ t: 'publish', topic: `quotes.${data.order}`, type: 'quote', data: { paise: 10_000 } });
});
let quoted;
const whenQuoted = new Promise((resolve) => (quoted = resolve));
const shop = await connect('shop', shopUrl, ({ topic, data }) => {
  console.log(`shop    got ${data.paise} paise on ${topic}`);
  quoted();
});

await rates.ask({ t: 'subscribe', topic: 'orders.*' });
await shop.ask({ t: 'subscribe', topic: 'quotes.lunch-1' });
console.log('shop    orders lunch-1');
await shop.ask({ t: 'publish', topic: 'orders.new', type: 'order', data: { order: 'lunch-1' } });
await whenQuoted;
shop.close();
rates.close();
