/** Whether a sign-in is of a kind that was demanded (`acr`). */
export function meetsAcr({ acr }: Readonly<Record<string, unknown>>, demanded: readonly string[] | null): boolean {
  return demanded === null || (typeof acr === 'string' && demanded.includes(acr));
}
