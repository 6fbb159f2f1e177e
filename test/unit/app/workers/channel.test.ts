/** Two ends of a channel, joined without a process between them. */
import { expect, test, vi } from 'vitest';
import { Channel, ChannelClosedError, type ChannelOptions } from '../../../../src/app/workers/channel.ts';

function joined(part: Partial<ChannelOptions> = {}) {
  const broken = vi.fn<(cause: unknown) => void>();
  const one: Channel = new Channel({
    send: (message) => {
      queueMicrotask(() => other.take(JSON.parse(JSON.stringify(message))));
      return true;
    },
    answer: () => null,
    hear: () => false,
    broken: () => {},
  });
  const other: Channel = new Channel({
    send: (message) => {
      queueMicrotask(() => one.take(JSON.parse(JSON.stringify(message))));
      return true;
    },
    answer: (body) => ({ heard: body }),
    hear: () => true,
    broken,
    ...part,
  });
  return { one, other, broken };
}

test('questions are answered, each with its own answer', async () => {
  const { one } = joined({
    answer: async (body) => {
      await new Promise((done) => setTimeout(done, (body as { wait: number }).wait));
      return body as object;
    },
  });
  const answers = await Promise.all([one.ask({ wait: 10 }), one.ask({ wait: 0 })]);
  expect(answers).toEqual([{ wait: 10 }, { wait: 0 }]);
  expect(one.waiting).toBe(0);
});

test.each([
  ['no object', 'text'],
  ['nothing', null],
  ['another kind', { kind: 'order', body: {} }],
  ['a key too many', { kind: 'tell', body: {}, more: 1 }],
  ['an id that is none', { kind: 'ask', id: 0, body: {} }],
])('%s ends the channel', (_, message) => {
  const { other, broken } = joined();
  other.take(message);
  expect(broken).toHaveBeenCalledOnce();
  other.take(message);
  expect(broken).toHaveBeenCalledOnce();
});

test('a question that nobody knows, and one that fails, end the channel', async () => {
  for (const answer of [() => null, () => Promise.reject(new Error('fault'))]) {
    const { one, broken } = joined({ answer });
    const asked = one.ask({ do: 'what' }).catch((error: unknown) => error);
    await vi.waitFor(() => expect(broken).toHaveBeenCalledOnce());
    one.close();
    expect(await asked).toBeInstanceOf(ChannelClosedError);
    await expect(one.ask({})).rejects.toBeInstanceOf(ChannelClosedError);
  }
});

test('an answer that nobody asked for changes nothing', () => {
  const { other, broken } = joined();
  other.take({ kind: 'answer', id: 7, body: {} });
  expect(broken).not.toHaveBeenCalled();
});
