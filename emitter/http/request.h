/*
 * The head of an HTTP/1.1 or HTTP/1.0 request (RFC 9112), read strictly: what can be understood in
 * two ways, so that somebody between the client and us may have understood the other one, is
 * refused. Lines end in CR LF; empty ones before the request are skipped.
 *
 * Each line is looked at once, however the bytes come. Nothing is allocated, nothing decoded.
 *
 * Errors: REQUEST_REFUSED. Threads: any, nothing is shared. Lifetimes: parts are borrowed from the
 * bytes.
 */
#ifndef EMITTER_REQUEST_H
#define EMITTER_REQUEST_H

#include <stdbool.h>
#include <stddef.h>

#define REQUEST_HEAD_MAX_BYTES ((size_t)8 * 1024)
#define REQUEST_BODY_MAX_BYTES ((size_t)8 * 1024)

struct request_part {
    const char *at; /* NULL: it is not there */
    size_t len;
};

enum request_state { REQUEST_MORE, REQUEST_WHOLE, REQUEST_REFUSED };

/* All zero: nothing has come. */
struct request {
    struct request_part method;
    struct request_part path;          /* an absolute target's too; without query and fragment */
    struct request_part query;         /* what is behind the `?` */
    struct request_part authorization; /* the header's value */
    bool old;                          /* HTTP/1.0 */
    bool keep_alive;
    /*
     * What of the body has to come before the answer, at most REQUEST_BODY_MAX_BYTES. Where the
     * body is longer, in chunks, or only sent when that is asked for, `body_left` is set instead:
     * it is not read, and the connection can serve no more.
     */
    size_t body_bytes;
    bool body_left;
    size_t head_bytes; /* 0 until it is whole */

    /* How far the parser has come. */
    size_t line;     /* where the line begins that is not whole yet */
    size_t searched; /* no end of a line before this */
    bool has_host, has_length, chunked, expects, closes, stays;
    size_t length;
};

/*
 * Takes up to `len` bytes of a request into account: those of the last call, where they were, and
 * more behind them. Where it is whole, another call changes nothing; after a refusal there is none.
 */
enum request_state request_parse(struct request *request, const char *bytes, size_t len);

/* Whether the part is this text; in letters of any case. */
bool request_part_is(struct request_part part, const char *text);
bool request_part_is_nocase(struct request_part part, const char *text);

#endif
