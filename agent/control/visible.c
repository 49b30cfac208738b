#include "agent/control/visible.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* Characters that a terminal obeys instead of showing them. */
static bool acts(uint32_t character)
{
    const struct {
        uint32_t first, last;
    } ranges[] = {
        {0x00, 0x1f},     {0x7f, 0x9f},     {0x61c, 0x61c},   {0x200b, 0x200f},
        {0x2028, 0x202e}, {0x2060, 0x206f}, {0xfeff, 0xfeff}, {0xd800, 0xdfff},
    };

    for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++)
        if (character >= ranges[i].first && character <= ranges[i].last)
            return true;
    return false;
}

/* The bytes of the character at the text's begin that can be shown; 0: its first byte cannot. */
static size_t shown(const char *text, size_t len)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    unsigned char first = (unsigned char)*text;
    size_t bytes = first < 0x80 ? 1 : first >> 5 == 6 ? 2 : first >> 4 == 14 ? 3 : 4;
    uint32_t character = first;

    if (bytes > len || (bytes == 4 && first >> 3 != 30))
        return 0;
    if (bytes > 1)
        character &= 0x7fU >> bytes;
    for (size_t i = 1; i < bytes; i++) {
        unsigned char next = (unsigned char)text[i];

        if (next >> 6 != 2)
            return 0;
        character = character << 6 | (next & 0x3f);
    }
    return character >= least[bytes] && character <= 0x10ffff && !acts(character) ? bytes : 0;
}

static void add_escaped(struct bytes *out, char byte)
{
    char escaped[sizeof "\\xNN"];

    snprintf(escaped, sizeof escaped, "\\x%02x", (unsigned char)byte);
    bytes_add(out, escaped, strlen(escaped));
}

void visible_add(struct bytes *out, const char *text, size_t len)
{
    for (size_t at = 0; at < len;) {
        size_t bytes = shown(text + at, len - at);

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
        size_t bytes = shown(word + at, len - at);

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
        size_t bytes = shown(word + at, len - at);

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
