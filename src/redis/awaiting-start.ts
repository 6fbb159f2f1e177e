/**
 * A link whose commands wait for its first connection, for a moment after it was created: for data that only Redis has, so that a process
 * that has just started does not refuse what it could serve. After that, a command fails at once while there is no connection, as always.
 */
import { setTimeout as pause } from 'node:timers/promises';
import type { RedisLink } from './redis-link.ts';

/** Longer than a connection to a Cluster takes, and shorter than clients wait. */
const maxWaitMs = 3_000;
const pollMs = 10;

export function awaitingStart(link: RedisLink): RedisLink {
  let started: Promise<void> | null = firstConnection(link).then(() => {
    started = null;
  });
  const afterStart = <Reply>(command: () => Promise<Reply>): Promise<Reply> =>
    started === null ? command() : started.then(command);
  return {
    client: link.client,
    get ready() {
      return link.ready;
    },
    run: (command) => afterStart(() => link.run(command)),
    subscriber: () => link.subscriber(),
    script(script) {
      const run = link.script(script);
      return (keys, args) => afterStart(() => run(keys, args));
    },
    close: () => link.close(),
  };
}

/** Resolves after the wait, too. */
async function firstConnection(link: RedisLink): Promise<void> {
  const endMs = performance.now() + maxWaitMs;
  while (!(await isConnected(link)) && performance.now() < endMs) await pause(pollMs, undefined, { ref: false });
}

/** The client connects to a node of a Cluster with the first command for it, and refuses that one. */
async function isConnected({ client, ready }: RedisLink): Promise<boolean> {
  if (!ready || !('nodes' in client)) return ready;
  const replies = await Promise.allSettled(client.nodes('master').map((node) => node.time()));
  return replies.every(({ status }) => status === 'fulfilled');
}
