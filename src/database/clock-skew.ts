/**
 * How far the clock of this server is certainly ahead of PostgreSQL's (negative: behind it), s.
 * @param here this server's clock when the answer had come
 * @param there PostgreSQL's clock, told at some moment of the round trip
 */
export function clockSkew(here: number, there: number, roundTrip: number): number {
  const ahead = here - there;
  if (ahead < 0) return ahead;
  return Math.max(0, ahead - roundTrip);
}
