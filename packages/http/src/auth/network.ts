/**
 * Whose limits anonymous people take: an address stands for itself, one of IPv6 for its /64, which one customer has whole. Who has
 * no address that can be read shares the limits with everybody like that.
 */
export function networkOf(ip: string | undefined): string {
  const groups = groupsOf(ip ?? "");
  if (!groups) return `address:${dottedOf(ip ?? "") ?? "unknown"}`;
  const [high = 0, low = 0] = groups.slice(6);
  const isMapped = groups[5] === 0xffff && groups.slice(0, 5).every((group) => group === 0);
  if (isMapped) return `address:${[high >> 8, high & 255, low >> 8, low & 255].join(".")}`;
  const network = groups.slice(0, 4).map((group) => group.toString(16));
  return `address:${network.join(":")}::/64`;
}

/** The eight numbers of an IPv6 address, its zone left out. */
function groupsOf(ip: string): number[] | undefined {
  const url = URL.parse(`http://[${ip.replace(/%.*$/s, "")}]`);
  if (!url) return undefined;
  const [head = [], tail] = url.hostname
    .slice(1, -1)
    .split("::")
    .map((half) => half.split(":").flatMap((group) => (group === "" ? [] : Number.parseInt(group, 16))));
  if (!tail) return head;
  return [...head, ...Array.from({ length: 8 - head.length - tail.length }, () => 0), ...tail];
}

function dottedOf(ip: string): string | undefined {
  const hostname = URL.parse(`http://${ip}`)?.hostname;
  return hostname !== undefined && /^[\d.]+$/.test(hostname) ? hostname : undefined;
}
