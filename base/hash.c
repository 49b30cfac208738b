#include "base/hash.h"

uint32_t hash_bytes(const char *bytes, size_t len)
{
    uint32_t hash = 2166136261U;

    for (size_t i = 0; i < len; i++)
        hash = (hash ^ (unsigned char)bytes[i]) * 16777619U;
    return hash;
}
