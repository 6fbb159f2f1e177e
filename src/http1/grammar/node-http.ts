/**
 * `node:http` as an object: an import of its names also evaluates the `WebSocket` that it exports, which takes 25 ms and 5 MB at
 * each start.
 */
export const nodeHttp = process.getBuiltinModule('node:http');

/** The usual text of each known status. */
export const statusTexts = nodeHttp.STATUS_CODES;
