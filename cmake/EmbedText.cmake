# cmake -D IN=file -D OUT=file.inc -P EmbedText.cmake: a text as the characters of a C++ array, so that any length and any
# content is allowed.
file(READ ${IN} hex HEX)
string(REGEX REPLACE "([0-9a-f][0-9a-f])" "'\\\\x\\1'," text "${hex}")
string(REGEX REPLACE "(('[^']*',){32})" "\\1\n" text "${text}")
file(WRITE ${OUT} "${text}\n")
