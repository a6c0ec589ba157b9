export interface Frame {
  readonly stream: 'stdout' | 'stderr'
  readonly bytes: Uint8Array
}

/** Takes the engine's multiplexed stream apart: 8 bytes of header (stream, three zeros, length big-endian), then that many bytes. */
export class FrameSplitter {
  #left: Buffer = Buffer.alloc(0)

  /** The frames that this chunk completed. */
  push(chunk: Uint8Array): Frame[] {
    this.#left = this.#left.length === 0 ? Buffer.from(chunk) : Buffer.concat([this.#left, chunk])
    const frames: Frame[] = []
    while (this.#left.length >= 8) {
      const end = 8 + this.#left.readUInt32BE(4)
      if (this.#left.length < end) break
      frames.push({ stream: this.#left[0] === 2 ? 'stderr' : 'stdout', bytes: this.#left.subarray(8, end) })
      this.#left = this.#left.subarray(end)
    }
    return frames
  }
}
