/**
 * Gives every command the deadline of the link, whichever way it takes: to one server, or through a Cluster. The client's
 * own `commandTimeout` would in a Cluster begin anew with each attempt, and it takes a process that stood still for a
 * while for a Redis that did: its timers run before the answers that have arrived meanwhile are read.
 */
import type { Command } from 'ioredis';
import type { RedisClient } from './redis-link.ts';

interface Waiting {
  readonly command: Command;
  readonly endMs: number;
}

/** Commands before the connection is ready are of the client itself, apart from those that fail at once. */
export function setDeadline(client: RedisClient, deadlineMs: number): void {
  const deadlines = new Deadlines();
  const send = client.sendCommand.bind(client);
  client.sendCommand = (command: Parameters<typeof send>[0], ...more: []) => {
    if (client.status === 'ready' && command.name !== 'cluster') {
      deadlines.add({ command, endMs: performance.now() + deadlineMs });
    }
    return send(command, ...more);
  };
}

/** All deadlines are equally far away, so that they end in the order in which they began: one timer is enough. */
class Deadlines {
  #waiting: Waiting[] = [];
  #first = 0;
  #armed = false;

  add(waiting: Waiting): void {
    // Answers come in order too, so that there are hardly more here than commands under way.
    this.#drop(Number.NEGATIVE_INFINITY);
    this.#waiting.push(waiting);
    this.#arm();
  }

  #arm(): void {
    const next = this.#waiting[this.#first];
    if (this.#armed || next === undefined) return;
    this.#armed = true;
    // Over already: it ended while the answers were read.
    const leftMs = Math.max(next.endMs - performance.now(), 1);
    setTimeout(() => {
      const nowMs = performance.now();
      // What has arrived by now is read first.
      setImmediate(() => {
        this.#armed = false;
        this.#drop(nowMs);
        this.#arm();
      });
    }, leftMs).unref();
  }

  /** Drops those that are over from the front, and ends those whose time is. */
  #drop(nowMs: number): void {
    for (let next = this.#waiting[this.#first]; next !== undefined; next = this.#waiting[this.#first]) {
      if (!next.command.isSettled) {
        if (next.endMs > nowMs) break;
        next.command.reject(new Error('Command timed out'));
      }
      this.#first += 1;
    }
    if (this.#first < 64 || 2 * this.#first < this.#waiting.length) return;
    this.#waiting = this.#waiting.slice(this.#first);
    this.#first = 0;
  }
}
