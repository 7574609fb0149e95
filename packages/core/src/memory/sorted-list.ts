import { countBefore } from "./sorted.ts";

/** A longer piece is cut in two. */
const mostInPiece = 512;

/**
 * Items in order, in short pieces: adding and removing one moves a few hundred others at most, however many there are. `Place` is what of
 * an item decides where it stands.
 */
export class SortedList<Place, Item extends Place> {
  readonly #isBefore: (one: Place, other: Place) => boolean;
  /** None is empty. */
  readonly #pieces: Item[][] = [];

  constructor(isBefore: (one: Place, other: Place) => boolean) {
    this.#isBefore = isBefore;
  }

  get last(): Item | undefined {
    return this.#pieces.at(-1)?.at(-1);
  }

  add(item: Item): void {
    const { last } = this;
    // Nearly always: what is added is the last one.
    const atEnd = last === undefined || this.#isBefore(last, item);
    const at = atEnd ? this.#pieces.length - 1 : this.#pieceOf(item);
    const piece = this.#pieces[at];
    if (!piece || (atEnd && piece.length >= mostInPiece)) return void this.#pieces.push([item]);
    if (atEnd) return void piece.push(item);
    piece.splice(this.#countBefore(piece, item), 0, item);
    if (piece.length > mostInPiece)
      this.#pieces.splice(at, 1, piece.slice(0, mostInPiece / 2), piece.slice(mostInPiece / 2));
  }

  /** One that is there. */
  remove(item: Item): void {
    const at = item === this.last ? this.#pieces.length - 1 : this.#pieceOf(item);
    const piece = this.#pieces[at];
    const next = this.#pieces[at + 1];
    if (!piece) return;
    if (item === piece.at(-1)) piece.pop();
    else piece.splice(this.#countBefore(piece, item), 1);
    if (piece.length === 0) this.#pieces.splice(at, 1);
    // Or there could be as many pieces as items one day.
    else if (next && piece.length + next.length <= mostInPiece / 2) this.#pieces.splice(at, 2, [...piece, ...next]);
  }

  /** Towards the first, from the last of those before `place`, or of all. */
  *backwards(place?: Place): Generator<Item, void> {
    let at = place === undefined ? this.#pieces.length - 1 : Math.min(this.#pieceOf(place), this.#pieces.length - 1);
    let index = place === undefined ? Infinity : this.#countBefore(this.#pieces[at] ?? [], place);
    for (; at >= 0; at--, index = Infinity) {
      const piece = this.#pieces[at] ?? [];
      for (let next = Math.min(index, piece.length) - 1; next >= 0; next--) yield piece[next] as Item;
    }
  }

  /** The first piece that reaches to this place. */
  #pieceOf(place: Place): number {
    return countBefore(this.#pieces, (piece) => this.#isBefore(piece.at(-1) as Item, place));
  }

  #countBefore(piece: readonly Item[], place: Place): number {
    return countBefore(piece, (item) => this.#isBefore(item, place));
  }
}
