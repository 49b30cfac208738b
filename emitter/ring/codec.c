#include "emitter/ring/codec.h"

#include "base/snapshot.h"
#include "emitter/ring/bits.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define FRACTION 16 /* of the running means */
#define MEMORY 4

/* The longest code: zeros, sign, length of the change, the change. */
#define LENGTH_BITS 6
#define VALUE_BITS 54
#define CODE_BYTES ((CODEC_PLAIN + 1 + LENGTH_BITS + VALUE_BITS + 7) / 8)

void codec_reset(struct codec *codec)
{
    codec->timestamp = (struct codec_model){0};
    codec->count = 0;
}

void codec_clean(struct codec *codec)
{
    free(codec->models);
    *codec = (struct codec){0};
}

int codec_change(struct codec *codec, size_t front, size_t back, size_t added)
{
    if (front > codec->count || back > codec->count - front || added > SIZE_MAX - front - back)
        return -1;

    size_t count = front + added + back;
    if (count > codec->capacity) {
        struct codec_model *models = reallocarray(codec->models, count, sizeof *models);
        if (!models)
            return -1;
        codec->models = models;
        codec->capacity = count;
    }
    if (back > 0)
        memmove(codec->models + front + added, codec->models + codec->count - back,
                back * sizeof *codec->models);
    if (added > 0)
        memset(codec->models + front, 0, added * sizeof *codec->models);
    codec->count = count;
    return 0;
}

static uint64_t fold(int64_t number)
{
    return (uint64_t)number << 1 ^ (number < 0 ? UINT64_MAX : 0);
}

static int64_t unfold(uint64_t folded)
{
    int64_t half = (int64_t)(folded >> 1);

    return folded & 1 ? -half - 1 : half;
}

static int64_t greatest_common_divisor(int64_t a, int64_t b)
{
    while (b != 0) {
        int64_t rest = a % b;

        a = b;
        b = rest;
    }
    return a;
}

static int64_t drift_units(const struct codec_model *model)
{
    return (model->drift + (model->drift < 0 ? -FRACTION / 2 : FRACTION / 2)) / FRACTION;
}

/* By how many units the value will change, and the order of the code for what that misses. */
static int64_t guess(const struct codec_model *model, unsigned *order)
{
    bool moves = model->moving < model->still;
    int32_t mean = moves ? model->moving : model->still;

    *order = mean > FRACTION / 2 ? (unsigned)(mean - FRACTION / 2) / FRACTION : 0;
    return moves ? drift_units(model) : 0;
}

static void follow(int32_t *mean, int64_t missed)
{
    *mean += ((int32_t)bits_length(fold(missed)) * FRACTION - *mean) / MEMORY;
}

/* Whether to learn that the value stays changes nothing any more. Most series hardly ever move. */
static bool rests(const struct codec_model *model)
{
    return model->still < MEMORY && model->moving < MEMORY && model->drift < MEMORY &&
           model->drift > -MEMORY;
}

/* A value `units` from the last one was coded. */
static void learn(struct codec_model *model, int64_t value, int64_t units)
{
    if (units == 0 && rests(model))
        return;
    follow(&model->still, units);
    follow(&model->moving, units - drift_units(model));
    model->drift += (units * FRACTION - model->drift) / MEMORY;
    model->last = value;
}

/* A value was coded plainly. A new unit makes what is known of the drift worthless. */
static void learn_unit(struct codec_model *model, int64_t value)
{
    int64_t change = value - model->last;
    int64_t unit = greatest_common_divisor(change < 0 ? -change : change, model->unit);
    int64_t units = unit == 0 ? 0 : change / unit;

    if (unit != model->unit)
        model->drift = model->unit == 0 ? 0 : units * FRACTION;
    model->unit = unit;
    learn(model, value, units);
}

static void put_plain(struct bits_out *out, struct codec_model *model, int64_t value)
{
    int64_t change = value - model->last;
    uint64_t size = (uint64_t)(change < 0 ? -change : change);
    unsigned length = bits_length(size);

    bits_put(out, change < 0, CODEC_PLAIN + 1);
    bits_put(out, length, LENGTH_BITS);
    bits_put(out, size, length);
    learn_unit(model, value);
}

static void put_value(struct bits_out *out, struct codec_model *model, int64_t value)
{
    int64_t change = value - model->last;

    if (change != 0 && (model->unit == 0 || change % model->unit != 0)) {
        put_plain(out, model, value);
        return;
    }

    unsigned order = 0;
    int64_t units = change == 0 ? 0 : change / model->unit;
    uint64_t off = fold(units - guess(model, &order));
    uint64_t code = off + (UINT64_C(1) << order);
    unsigned width = bits_length(code);
    unsigned zeros = width - order - 1;
    if (zeros >= CODEC_PLAIN) {
        put_plain(out, model, value);
        return;
    }
    bits_put(out, 0, zeros);
    bits_put(out, code, width);
    learn(model, value, units);
}

static bool in_range(const struct codec *codec, int64_t timestamp_s, const int64_t *values)
{
    if (timestamp_s < 0 || timestamp_s > CODEC_TIMESTAMP_MAX_S)
        return false;
    for (size_t i = 0; i < codec->count; i++)
        if (values[i] < 0 || values[i] > SNAPSHOT_VALUE_MAX)
            return false;
    return true;
}

int codec_encode(struct codec *codec, int64_t timestamp_s, const int64_t *values, struct bytes *out)
{
    if (!in_range(codec, timestamp_s, values) || codec->count >= SIZE_MAX / CODE_BYTES ||
        bytes_reserve(out, (codec->count + 1) * CODE_BYTES) < 0)
        return -1;

    struct bits_out bits = {.at = out->data + out->len};
    put_value(&bits, &codec->timestamp, timestamp_s);
    for (size_t i = 0; i < codec->count; i++)
        put_value(&bits, &codec->models[i], values[i]);
    out->len = (size_t)(bits_finish(&bits) - out->data);
    return 0;
}

static int take_plain(struct bits_in *in, struct codec_model *model, int64_t most)
{
    bool down = bits_take(in, 1) != 0;
    unsigned length = (unsigned)bits_take(in, LENGTH_BITS);

    if (length > VALUE_BITS)
        return -1;
    int64_t size = (int64_t)bits_take(in, length);
    int64_t value = down ? model->last - size : model->last + size;
    if (value < 0 || value > most)
        return -1;
    learn_unit(model, value);
    return 0;
}

/* The next value becomes the model's last one. -1: it is not in 0..most, or the bits are none. */
static int take_value(struct bits_in *in, struct codec_model *model, int64_t most)
{
    unsigned zeros = bits_take_zeros(in, CODEC_PLAIN);
    unsigned order = 0;
    int64_t units = guess(model, &order);

    if (zeros == CODEC_PLAIN)
        return take_plain(in, model, most);
    if (zeros + order + 1 > BITS_MAX)
        return -1;

    uint64_t code = bits_take(in, zeros + order + 1);
    units += unfold(code - (UINT64_C(1) << order));
    int64_t value = 0;
    if ((units != 0 && model->unit == 0) || __builtin_mul_overflow(units, model->unit, &value) ||
        __builtin_add_overflow(value, model->last, &value) || value < 0 || value > most)
        return -1;
    learn(model, value, units);
    return 0;
}

int codec_decode(struct codec *codec, const uint8_t *bytes, size_t len, int64_t *timestamp_s,
                 int64_t *values)
{
    struct bits_in in = {.at = bytes, .end = bytes + len};

    if (take_value(&in, &codec->timestamp, CODEC_TIMESTAMP_MAX_S) < 0)
        return -1;
    for (size_t i = 0; i < codec->count; i++)
        if (take_value(&in, &codec->models[i], SNAPSHOT_VALUE_MAX) < 0)
            return -1;
    codec_newest(codec, timestamp_s, values);
    return bits_at_end(&in) ? 0 : -1;
}

void codec_newest(const struct codec *codec, int64_t *timestamp_s, int64_t *values)
{
    *timestamp_s = codec->timestamp.last;
    for (size_t i = 0; i < codec->count; i++)
        values[i] = codec->models[i].last;
}
