#include "agent/control/visible.h"

#include "base/shown.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static void add_escaped(struct bytes *out, char byte)
{
    char escaped[sizeof "\\xNN"];

    snprintf(escaped, sizeof escaped, "\\x%02x", (unsigned char)byte);
    bytes_add(out, escaped, strlen(escaped));
}

void visible_add(struct bytes *out, const char *text, size_t len)
{
    for (size_t at = 0; at < len;) {
        size_t bytes = shown_bytes(text + at, len - at);

        if (bytes > 0)
            bytes_add(out, text + at, bytes);
        else
            add_escaped(out, text[at]);
        at += bytes > 0 ? bytes : 1;
    }
}

size_t visible_width(const char *text, size_t len)
{
    size_t width = 0;

    for (size_t i = 0; i < len; i++)
        if (((unsigned char)text[i] & 0xc0) != 0x80)
            width++;
    return width;
}

static bool all_shown(const char *word, size_t len)
{
    size_t at = 0;

    while (at < len) {
        size_t bytes = shown_bytes(word + at, len - at);

        if (bytes == 0)
            return false;
        at += bytes;
    }
    return true;
}

static void quote_escaped(struct bytes *out, const char *word, size_t len)
{
    bytes_add(out, "$'", 2);
    for (size_t at = 0; at < len;) {
        size_t bytes = shown_bytes(word + at, len - at);

        if (bytes == 0) {
            add_escaped(out, word[at++]);
            continue;
        }
        if (word[at] == '\'' || word[at] == '\\')
            bytes_add(out, "\\", 1);
        bytes_add(out, word + at, bytes);
        at += bytes;
    }
    bytes_add(out, "'", 1);
}

void visible_quote(struct bytes *out, const char *word)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                "0123456789_@%+=:,./-";
    size_t len = strlen(word);

    if (len > 0 && strspn(word, plain) == len) {
        bytes_add(out, word, len);
        return;
    }
    if (!all_shown(word, len)) {
        quote_escaped(out, word, len);
        return;
    }
    bytes_add(out, "'", 1);
    for (const char *p = word; *p; p++) {
        if (*p == '\'')
            bytes_add(out, "'\\'", 3);
        bytes_add(out, p, 1);
    }
    bytes_add(out, "'", 1);
}
