#include "emitter/ring/bits.h"

void bits_put(struct bits_out *out, uint64_t number, unsigned width)
{
    out->pending = out->pending << width | number;
    out->count += width;
    while (out->count >= 8) {
        out->count -= 8;
        *out->at++ = (uint8_t)(out->pending >> out->count);
    }
}

uint8_t *bits_finish(struct bits_out *out)
{
    if (out->count > 0)
        bits_put(out, 0, 8 - out->count);
    return out->at;
}

/* At least BITS_MAX bits, where there are as many. */
static void refill(struct bits_in *in)
{
    while (in->count <= 56 && in->at < in->end) {
        in->pending |= (uint64_t)*in->at++ << (56 - in->count);
        in->count += 8;
    }
}

/* Where `width` is more than there is, all is taken. */
static void drop(struct bits_in *in, unsigned width)
{
    if (width > in->count) {
        in->failed = true;
        width = in->count;
    }
    in->pending = width < 64 ? in->pending << width : 0;
    in->count -= width;
}

unsigned bits_take_zeros(struct bits_in *in, unsigned most)
{
    if (in->count < most)
        refill(in);

    unsigned zeros = 64 - bits_length(in->pending);
    if (zeros > most)
        zeros = most;
    drop(in, zeros);
    return zeros;
}

uint64_t bits_take(struct bits_in *in, unsigned width)
{
    if (width == 0)
        return 0;
    if (in->count < width)
        refill(in);

    uint64_t number = in->pending >> (64 - width);
    drop(in, width);
    return number;
}

bool bits_at_end(const struct bits_in *in)
{
    return !in->failed && in->at == in->end && in->count < 8 && in->pending == 0;
}
