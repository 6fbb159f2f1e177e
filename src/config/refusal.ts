/** Why something cannot be used, and the remedy, for a problem. */
export class Refusal {
  readonly message: string;
  readonly hint: string | null;

  constructor(message: string, hint: string | null = null) {
    this.message = message;
    this.hint = hint;
  }
}
