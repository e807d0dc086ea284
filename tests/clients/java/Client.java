import java.io.File;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import org.openapitools.client.ApiClient;
import org.openapitools.client.ApiException;
import org.openapitools.client.api.AccountsApi;
import org.openapitools.client.api.AlternateDevicesApi;
import org.openapitools.client.api.UserApi;
import org.openapitools.client.model.Account;
import org.openapitools.client.model.Accounts;
import org.openapitools.client.model.AlternateDeviceChanges;
import org.openapitools.client.model.AlternateDeviceToCreate;
import org.openapitools.client.model.Created;
import org.openapitools.client.model.NewPassword;
import org.openapitools.client.model.Problem;

/** What a service does with the API, through a client that openapi-generator made: run against {@code demo}. */
class Client {
    static void check(boolean holds, String what) {
        if (!holds) {
            System.err.println("not so: " + what);
            System.exit(1);
        }
        System.out.println("ok: " + what);
    }

    interface Call {
        void run() throws ApiException;
    }

    /** The problem document of a call that must be refused with this status. */
    static Problem refusal(int status, Call call) throws Exception {
        try {
            call.run();
        } catch (ApiException refused) {
            check(refused.getCode() == status, "refused with " + status);
            return Problem.fromJson(refused.getResponseBody());
        }
        throw new IllegalStateException("not refused");
    }

    public static void main(String[] arguments) throws Exception {
        ApiClient client = new ApiClient();
        client.setBasePath(arguments[0]);
        client.setUsername("fung");
        client.setPassword("winter-2010");

        AccountsApi accounts = new AccountsApi(client);
        Accounts listed = accounts.listAccounts(null, null);
        check(listed.getTotal() == 2, "the caller's two accounts are listed");
        Account own = listed.getItems().stream().filter(account -> !account.getUseServiceCredentials()).findAny().orElseThrow();
        Account serviced = listed.getItems().stream().filter(Account::getUseServiceCredentials).findAny().orElseThrow();
        check(own.getLoginType() == Account.LoginTypeEnum.USER_ID && own.getUserId().equals("fung"), "a login type is a word");
        check(serviced.getUserId() == null, "userId may be null");
        NewPassword password = new NewPassword().password("pass:wörd 😀&%+");
        accounts.setAccountPassword(own.getObjectId(), password, null, null);
        Problem problem = refusal(409, () -> accounts.setAccountPassword(serviced.getObjectId(), password, null, null));
        check(problem.getCode().equals("password_not_settable") && problem.getUpstream().getStatus() == 400, "it is known by its code");

        AlternateDevicesApi devices = new AlternateDevicesApi(client);
        Created device = devices.createAlternateDevice(new AlternateDeviceToCreate().dtmfAccessId("0044207946"));
        devices.updateAlternateDevice(device.getObjectId(), new AlternateDeviceChanges().displayName("Holiday flat"), null, null);
        String name = devices.getAlternateDevice(device.getObjectId(), null, null).getDisplayName();
        check("Holiday flat".equals(name), "a device is created and changed");
        devices.deleteAlternateDevice(device.getObjectId(), null, null);
        problem = refusal(404, () -> devices.getAlternateDevice(device.getObjectId(), null, null));
        check(problem.getCode().equals("alternate_device_not_found"), "a device that is deleted is not found");

        UserApi user = new UserApi(client);
        File spoken = user.getVoiceName(null, null);
        byte[] bytes = Files.readAllBytes(spoken.toPath());
        check(new String(bytes, 0, 4, StandardCharsets.US_ASCII).equals("RIFF"), "a recording comes as bytes");
        user.setVoiceName(spoken, null, null);
        check(Files.mismatch(spoken.toPath(), user.getVoiceName(null, null).toPath()) == -1, "a recording is replaced");

        ApiClient nobody = new ApiClient();
        nobody.setBasePath(arguments[0]);
        problem = refusal(401, () -> new AccountsApi(nobody).listAccounts(null, null));
        check(problem.getCode().equals("credentials_missing"), "without credentials nothing is told");
    }
}
