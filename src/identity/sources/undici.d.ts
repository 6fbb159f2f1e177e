/** Parts of `undici` by themselves: a gateway does not load its `fetch`, caches and WebSockets. */
declare module 'undici/lib/dispatcher/pool.js' {
  export { Pool as default } from 'undici';
}

declare module 'undici/lib/dispatcher/agent.js' {
  export { Agent as default } from 'undici';
}
