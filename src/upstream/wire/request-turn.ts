/**
 * Requests without a body leave together, at the end of the turn of the event loop in which they came. A write wakes
 * whoever waits for it, which costs more than the write itself; of many writes in a row only the first does.
 */

/** A connection with a request that has not left. */
export interface LoadedConnection {
  leave(): void;
}

let turn: LoadedConnection[] = [];

export function leaveWithTurn(connection: LoadedConnection): void {
  if (turn.push(connection) === 1) setImmediate(leaveAll);
}

function leaveAll(): void {
  const connections = turn;
  turn = [];
  for (const connection of connections) connection.leave();
}
