/** Thrown where a file is not plain enough for the short way: the library composes it then, and says what is wrong. */
export class NotPlain extends Error {}
