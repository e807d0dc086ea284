// What a service does with the API, through a client that oapi-codegen made: run against `demo`.
//
// Usage: oapicodegen URL
package main

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"os"

	"clients/oapicodegen/gateway"
)

func check(holds bool, what string) {
	if !holds {
		fmt.Fprintln(os.Stderr, "not so:", what)
		os.Exit(1)
	}
	fmt.Println("ok:", what)
}

// must gives what came, or ends the program.
func must[T any](value T, err error) T {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	return value
}

func main() {
	ctx := context.Background()
	signIn := func(_ context.Context, request *http.Request) error {
		request.SetBasicAuth("fung", "winter-2010")
		return nil
	}
	client := must(gateway.NewClientWithResponses(os.Args[1], gateway.WithRequestEditorFn(signIn)))

	listed := must(client.ListAccountsWithResponse(ctx, nil))
	check(listed.JSON200 != nil && listed.JSON200.Total == 2, "the caller's two accounts are listed")
	var own, serviced gateway.Account
	for _, account := range listed.JSON200.Items {
		if account.UseServiceCredentials {
			serviced = account
		} else {
			own = account
		}
	}
	check(own.LoginType == gateway.AccountLoginTypeUserId && *own.UserId == "fung", "a login type is a word")
	check(serviced.UserId == nil, "userId may be null")
	etag := gateway.IfNoneMatch(*listed.Headers200.ETag)
	again := must(client.ListAccountsWithResponse(ctx, &gateway.ListAccountsParams{IfNoneMatch: &etag}))
	check(again.StatusCode() == 304, "nothing has changed")
	password := gateway.NewPassword{Password: "pass:wörd 😀&%+"}
	set := must(client.SetAccountPasswordWithResponse(ctx, own.ObjectId, nil, password))
	check(set.StatusCode() == 204, "a password is set")
	set = must(client.SetAccountPasswordWithResponse(ctx, serviced.ObjectId, nil, password))
	problem := set.ApplicationproblemJSON409
	check(problem != nil && problem.Code == "password_not_settable" && problem.Upstream.Status == 400, "a refusal is known by its code")

	number := "0044207946"
	created := must(client.CreateAlternateDeviceWithResponse(ctx, gateway.AlternateDeviceToCreate{DtmfAccessId: number}))
	check(created.JSON201 != nil && *created.Headers201.Location == created.JSON201.Uri, "a device is created")
	device, name := created.JSON201.ObjectId, "Holiday flat"
	updated := must(client.UpdateAlternateDeviceWithResponse(ctx, device, nil, gateway.AlternateDeviceChanges{DisplayName: &name}))
	check(updated.StatusCode() == 204, "it is changed")
	got := must(client.GetAlternateDeviceWithResponse(ctx, device, nil))
	check(*got.JSON200.DisplayName == name && got.JSON200.DtmfAccessId == number, "it is what was written")
	check(must(client.DeleteAlternateDeviceWithResponse(ctx, device, nil)).StatusCode() == 204, "it is deleted")
	got = must(client.GetAlternateDeviceWithResponse(ctx, device, nil))
	problem = got.ApplicationproblemJSON404
	check(problem != nil && problem.Code == "alternate_device_not_found", "then it is not found")

	spoken := must(client.GetVoiceNameWithResponse(ctx, nil)).Body
	check(bytes.HasPrefix(spoken, []byte("RIFF")), "a recording comes as bytes")
	spoken[len(spoken)-1] ^= 1
	replaced := must(client.SetVoiceNameWithBodyWithResponse(ctx, nil, "audio/wav", bytes.NewReader(spoken)))
	check(replaced.StatusCode() == 204, "a recording is replaced")
	heard := must(client.GetVoiceNameWithResponse(ctx, nil)).Body
	check(bytes.Equal(heard, spoken), "it is what was sent")

	nobody := must(gateway.NewClientWithResponses(os.Args[1]))
	refused := must(nobody.ListAccountsWithResponse(ctx, nil)).ApplicationproblemJSON401
	check(refused != nil && refused.Code == "credentials_missing", "without credentials nothing is told")
}
