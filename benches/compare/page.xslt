<?xml version="1.0" encoding="UTF-8"?>
<!-- Any document of CUPI as JSON, with all values as strings: less than what the gateway does, and about as fast as XSLT can. -->
<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform">
  <xsl:output method="text" encoding="UTF-8" media-type="application/json"/>

  <!-- A list of objects. -->
  <xsl:template match="/*[*/*]" priority="1">
    <xsl:text>{"items":[</xsl:text>
    <xsl:for-each select="*">
      <xsl:if test="position() > 1">,</xsl:if>
      <xsl:call-template name="object"/>
    </xsl:for-each>
    <xsl:text>],"total":</xsl:text>
    <xsl:value-of select="count(*)"/>
    <xsl:text>}</xsl:text>
  </xsl:template>

  <!-- One object, or an empty list. -->
  <xsl:template match="/*">
    <xsl:call-template name="object"/>
  </xsl:template>

  <xsl:template name="object">
    <xsl:text>{</xsl:text>
    <xsl:for-each select="*">
      <xsl:if test="position() > 1">,</xsl:if>
      <xsl:text>"</xsl:text>
      <xsl:value-of select="local-name()"/>
      <xsl:text>":"</xsl:text>
      <xsl:call-template name="text"><xsl:with-param name="text" select="normalize-space(.)"/></xsl:call-template>
      <xsl:text>"</xsl:text>
    </xsl:for-each>
    <xsl:text>}</xsl:text>
  </xsl:template>

  <!-- The inside of a JSON string. -->
  <xsl:template name="text">
    <xsl:param name="text"/>
    <xsl:choose>
      <xsl:when test="contains($text, '\') or contains($text, '&quot;')">
        <xsl:variable name="first" select="substring($text, 1, 1)"/>
        <xsl:if test="$first = '\' or $first = '&quot;'">\</xsl:if>
        <xsl:value-of select="$first"/>
        <xsl:call-template name="text"><xsl:with-param name="text" select="substring($text, 2)"/></xsl:call-template>
      </xsl:when>
      <xsl:otherwise><xsl:value-of select="$text"/></xsl:otherwise>
    </xsl:choose>
  </xsl:template>
</xsl:stylesheet>
