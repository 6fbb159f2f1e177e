/** An entry of `when` in its written form. */
export interface ConditionEntry {
  readonly client?: 'address';
  readonly param?: string;
  readonly startsWith?: string;
  readonly not?: ConditionEntry;
  readonly identity?: 'groups' | 'kind' | 'userId';
  readonly cidr?: readonly string[];
  readonly in?: readonly string[];
  readonly equals?: string;
  readonly exists?: boolean;
  readonly any?: readonly ConditionEntry[];
  readonly reason?: string;
  readonly unless?: readonly string[];
}
