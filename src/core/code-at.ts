/**
 * `text.charCodeAt(at)` for loops. V8 looks the method up by how a text is held (whole, cut out, joined, shared), and once it
 * has met more than four of these, it does so for each character; of a bound function it knows beforehand what it calls.
 */
export const codeAt: (text: string, at: number) => number = Function.prototype.call.bind(String.prototype.charCodeAt);
