<?xml version="1.0" encoding="UTF-8"?>
<!-- What the gateway does to a list of accounts, as far as XSLT 1.0 goes: it takes faulty documents as they come. -->
<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform">
  <xsl:output method="text" encoding="UTF-8" media-type="application/json"/>

  <xsl:template match="/UserExternalServiceAccounts">
    <xsl:text>{"items":[</xsl:text>
    <xsl:for-each select="UserExternalServiceAccount">
      <xsl:if test="position() > 1">,</xsl:if>
      <xsl:variable name="id" select="translate(normalize-space(ObjectId), 'ABCDEF', 'abcdef')"/>
      <xsl:text>{"objectId":"</xsl:text>
      <xsl:value-of select="$id"/>
      <xsl:text>","uri":"/api/v1/accounts/</xsl:text>
      <xsl:value-of select="$id"/>
      <xsl:text>","displayName":"</xsl:text>
      <xsl:call-template name="text"><xsl:with-param name="text" select="normalize-space(DisplayName)"/></xsl:call-template>
      <xsl:text>","isEnabled":</xsl:text>
      <xsl:value-of select="normalize-space(IsEnabled)"/>
      <xsl:text>,"useServiceCredentials":</xsl:text>
      <xsl:value-of select="normalize-space(UseServiceCredentials)"/>
      <xsl:text>,"loginType":"</xsl:text>
      <xsl:choose>
        <xsl:when test="LoginType = 0">userAlias</xsl:when>
        <xsl:when test="LoginType = 1">guest</xsl:when>
        <xsl:when test="LoginType = 2">userId</xsl:when>
        <xsl:otherwise>unknown</xsl:otherwise>
      </xsl:choose>
      <xsl:text>","userId":</xsl:text>
      <xsl:choose>
        <xsl:when test="normalize-space(UserId) != ''">
          <xsl:text>"</xsl:text>
          <xsl:call-template name="text"><xsl:with-param name="text" select="normalize-space(UserId)"/></xsl:call-template>
          <xsl:text>"</xsl:text>
        </xsl:when>
        <xsl:otherwise>null</xsl:otherwise>
      </xsl:choose>
      <xsl:text>}</xsl:text>
    </xsl:for-each>
    <xsl:text>],"total":</xsl:text>
    <xsl:value-of select="count(UserExternalServiceAccount)"/>
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
