/** Why something cannot be used, and what to do, in words for a problem. */
export class Refusal {
  readonly message: string;
  readonly hint: string | null;

  constructor(message: string, hint: string | null = null) {
    this.message = message;
    this.hint = hint;
  }
}
