/*
 * Where things stand in JSON text. The parser checks the text and keeps no positions; this walks
 * the same text again, in step with the parsed tree, so that an error can name line, column and
 * key.
 *
 * A member is a key of an object or an element of an array. All pointers point into the text, which
 * ends with a NUL and is valid JSON up to what is asked for; what follows may be anything.
 *
 * Errors: none. Threads: any.
 */
#ifndef AGENT_LOCATE_H
#define AGENT_LOCATE_H

#include <stddef.h>

/* The text's one value, without the space before it. */
const char *locate_root(const char *text);

/* The first member of the object or array at `value`; NULL: it has none. */
const char *locate_first(const char *value);

/* The member after `member`; NULL: that was the last. */
const char *locate_next(const char *member);

/* The value of an object's member; an array's member is its own value. */
const char *locate_value(const char *member);

/* The byte after the value, which may be a string, a number, a whole object ... */
const char *locate_end(const char *value);

/* The first byte of the string or number whose last byte is `last`. */
const char *locate_start(const char *text, const char *last);

/* Both from 1; the column counts bytes. */
struct locate_spot {
    unsigned line;
    unsigned column;
};

struct locate_spot locate_spot(const char *text, const char *at);

/*
 * The path of the member or value at `at`: `http.listen`, `graphite[1].port`, a key of other than
 * [a-z_] in quotes as it stands in the text, "" for the root. Cut where it is longer than `size`
 * or deeper than eight levels.
 */
void locate_path(const char *text, const char *at, char *path, size_t size);

#endif
