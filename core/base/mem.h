/* mem.h - memory that does not fail, and cleanup by attribute.
 *
 *     kh_auto(kh_free) char *text = kh_printf("%s/%s", dir, name);
 *     kh_auto(kh_close) int fd = open(...);
 *     *ret_text = kh_take(text);          // hand it out: the cleanup then sees NULL
 *
 * Out of memory aborts: the journal makes a stop at any point safe, and hundreds of branches that
 * no test reaches would not. Declare and initialise in one line; a function with a kh_auto variable
 * has no goto. The cleanups preserve errno.
 */
#ifndef KH_BASE_MEM_H
#define KH_BASE_MEM_H

#include <dirent.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

/* clang calls a variable unused that is there for its cleanup only; gcc knows better. */
#define kh_auto(function) __attribute__((__cleanup__(function), __unused__))

/* Give up ownership of a pointer variable: its value is returned, the variable becomes NULL. */
#define kh_take(pointer)                                                                           \
	({                                                                                         \
		__typeof__(pointer) taken_ = (pointer);                                            \
		(pointer) = NULL;                                                                  \
		taken_;                                                                            \
	})

#define KH_COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Room for one more element at the end of a (pointer, count) pair; gives the new, zeroed element.
 */
#define kh_append(items, count)                                                                    \
	({                                                                                         \
		(items) = kh_grow((items), (count), sizeof(*(items)));                             \
		&(items)[(count)++];                                                               \
	})

void *kh_alloc(size_t size); /* zeroed */
void *kh_grow(void *items, size_t count,
	      size_t item_size);   /* items[count] is zeroed; see kh_append */
char *kh_strdup(const char *text); /* NULL stays NULL */
char *kh_strndup(const char *text, size_t length);
char *kh_printf(const char *format, ...) __attribute__((format(printf, 1, 2)));
char *kh_vprintf(const char *format, va_list args) __attribute__((format(printf, 1, 0)));

/* Cleanups for kh_auto; each takes the address of the variable. */
void kh_free(void *pointer_to_pointer);
void kh_close(int *fd);
void kh_fclose(FILE **stream);
void kh_closedir(DIR **dir);

#endif
