#include "base/node.h"

#include "base/hash.h"

#include <stdio.h>
#include <string.h>

#define HASH_TAIL 9 /* `_` and eight hex digits */

bool node_byte(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-';
}

bool node_valid(const char *text)
{
    size_t len = strlen(text);

    if (len == 0 || len > NODE_MAX)
        return false;
    for (size_t i = 0; i < len; i++)
        if (!node_byte(text[i]))
            return false;
    return true;
}

void node_make(char node[NODE_MAX + 1], const char *bytes, size_t len)
{
    size_t kept = len > NODE_MAX ? NODE_MAX - HASH_TAIL : len;

    for (size_t i = 0; i < kept; i++)
        node[i] = node_byte(bytes[i]) ? bytes[i] : '_';
    node[kept] = '\0';
    if (len > NODE_MAX)
        snprintf(node + kept, HASH_TAIL + 1, "_%08x", (unsigned)hash_bytes(bytes, len));
    else if (len == 0)
        snprintf(node, 2, "_");
}
