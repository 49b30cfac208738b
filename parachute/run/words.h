/*
 * Words: a text that is put together piece by piece, where printf may not be called, since the
 * process was forked from one with threads.
 *
 * Errors: what does not fit is cut. Threads: any; safe after a fork.
 */
#ifndef PARACHUTE_WORDS_H
#define PARACHUTE_WORDS_H

#include <stddef.h>
#include <stdint.h>

struct words {
    char *at;  /* the NUL; what is added goes here */
    char *end; /* the last byte of the room */
};

/* Empties the text, which has room for `size` bytes, at least 1. */
struct words words_begin(char *text, size_t size);

void words_add(struct words *words, const char *text);
void words_add_number(struct words *words, uint64_t number);

#endif
