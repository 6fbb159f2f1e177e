/** Two ends of a channel, joined without a process between them. */
import { expect, test, vi } from 'vitest';
import { Channel, ChannelClosedError, type ChannelOptions } from '../../../../src/app/workers/channel.ts';

function joined(part: Partial<ChannelOptions> = {}) {
  const broken = vi.fn<(cause: unknown) => void>();
  const one: Channel = new Channel({
    send: (message) => {
      queueMicrotask(() => other.receive(JSON.parse(JSON.stringify(message))));
      return true;
    },
    respond: () => null,
    notice: () => false,
    broken: () => {},
  });
  const other: Channel = new Channel({
    send: (message) => {
      queueMicrotask(() => one.receive(JSON.parse(JSON.stringify(message))));
      return true;
    },
    respond: (body) => ({ received: body }),
    notice: () => true,
    broken,
    ...part,
  });
  return { one, other, broken };
}

test('every request gets its own response', async () => {
  const { one } = joined({
    respond: async (body) => {
      await new Promise((done) => setTimeout(done, (body as { wait: number }).wait));
      return body as object;
    },
  });
  const responses = await Promise.all([one.request({ wait: 10 }), one.request({ wait: 0 })]);
  expect(responses).toEqual([{ wait: 10 }, { wait: 0 }]);
  expect(one.waiting).toBe(0);
});

test.each([
  ['a message that is not an object', 'text'],
  ['nothing', null],
  ['an unknown kind', { kind: 'order', body: {} }],
  ['an extra key', { kind: 'notice', body: {}, more: 1 }],
  ['an invalid id', { kind: 'request', id: 0, body: {} }],
])('%s ends the channel', (_, message) => {
  const { other, broken } = joined();
  other.receive(message);
  expect(broken).toHaveBeenCalledOnce();
  other.receive(message);
  expect(broken).toHaveBeenCalledOnce();
});

test('an unknown request and a failing handler both end the channel', async () => {
  for (const respond of [() => null, () => Promise.reject(new Error('fault'))]) {
    const { one, broken } = joined({ respond });
    const asked = one.request({ do: 'what' }).catch((error: unknown) => error);
    await vi.waitFor(() => expect(broken).toHaveBeenCalledOnce());
    one.close();
    expect(await asked).toBeInstanceOf(ChannelClosedError);
    await expect(one.request({})).rejects.toBeInstanceOf(ChannelClosedError);
  }
});

test('ignores a response without a request', () => {
  const { other, broken } = joined();
  other.receive({ kind: 'response', id: 7, body: {} });
  expect(broken).not.toHaveBeenCalled();
});
