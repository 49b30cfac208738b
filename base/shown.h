/*
 * Which bytes of a text of unknown origin, such as a mount point or what a command prints, a
 * terminal shows as a character of their own.
 *
 * Errors: none. Threads: any.
 */
#ifndef BASE_SHOWN_H
#define BASE_SHOWN_H

#include <stddef.h>

/*
 * The bytes, 1 to 4, of the UTF-8 character at the begin of `text`, of which `len` > 0 bytes are
 * there. 0: its first byte must not be written as it is, as it begins no character, or one that a
 * terminal obeys: a control character, one that ends a line, turns the direction of writing, or is
 * invisible.
 */
size_t shown_bytes(const char *text, size_t len);

#endif
