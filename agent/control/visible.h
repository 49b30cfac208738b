/*
 * How text of unknown origin, such as a mount point or what a command prints, is shown to an
 * operator: on one line, and so that it does nothing to his terminal or his shell.
 *
 * Errors: those of base/bytes.h. Threads: any.
 */
#ifndef AGENT_VISIBLE_H
#define AGENT_VISIBLE_H

#include "base/bytes.h"

#include <stddef.h>

/* Adds the text; control characters, those that turn the direction of writing, and what is no UTF-8
 * come out as \xNN, byte by byte. */
void visible_add(struct bytes *out, const char *text, size_t len);

/* How many places of a line such a text takes: one a character. */
size_t visible_width(const char *text, size_t len);

/* Adds the word so that a shell reads it back as it was: as it is where that will do, else in '…',
 * or in $'…' (bash, zsh, POSIX 2024) where a byte of it cannot be shown. */
void visible_quote(struct bytes *out, const char *word);

#endif
