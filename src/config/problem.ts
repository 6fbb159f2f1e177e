/** Why something cannot be used, and the remedy; where it stands is added later (`ConfigProblem`). */
export class Problem {
  readonly message: string;
  readonly hint: string | null;

  constructor(message: string, hint: string | null = null) {
    this.message = message;
    this.hint = hint;
  }
}
