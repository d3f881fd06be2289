/* mem.c - see mem.h. */
#include "core/base/mem.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/translate.h"

static void *must(void *pointer)
{
	if (!pointer) {
		static const char text[] = "kvmhost: out of memory\n";
		ssize_t ignored = write(STDERR_FILENO, text, sizeof(text) - 1);
		(void)ignored;
		abort();
	}
	return pointer;
}

void *kh_alloc(size_t size)
{
	return must(calloc(1, size ? size : 1));
}

/* Capacity is derived from the count: it doubles whenever the count is 0 or a power of two. */
void *kh_grow(void *items, size_t count, size_t item_size)
{
	if ((count & (count - 1)) == 0) {
		size_t capacity = count ? count * 2 : 1;
		items = must(reallocarray(items, capacity, item_size));
	}
	memset((char *)items + count * item_size, 0, item_size);
	return items;
}

char *kh_strdup(const char *text)
{
	return text ? must(strdup(text)) : NULL;
}

char *kh_strndup(const char *text, size_t length)
{
	return must(strndup(text, length));
}

char *kh_vprintf(const char *format, va_list args)
{
	char *text = NULL;
	va_list again;
	va_copy(again, args);
	if (vasprintf(&text, format, args) < 0)
		text = NULL;
	must(text);
	kh_translate_format(text, format, again);
	va_end(again);
	return text;
}

char *kh_printf(const char *format, ...)
{
	va_list args;
	va_start(args, format);
	char *text = kh_vprintf(format, args);
	va_end(args);
	return text;
}

void kh_free(void *pointer_to_pointer)
{
	void **pointer = pointer_to_pointer;
	free(*pointer);
	*pointer = NULL;
}

void kh_close(int *fd)
{
	int saved = errno;
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
	errno = saved;
}

void kh_fclose(FILE **stream)
{
	int saved = errno;
	if (*stream)
		fclose(*stream);
	*stream = NULL;
	errno = saved;
}

void kh_closedir(DIR **dir)
{
	int saved = errno;
	if (*dir)
		closedir(*dir);
	*dir = NULL;
	errno = saved;
}
